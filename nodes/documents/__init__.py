"""Reading documents into one model: blocks with their places, links and formatting faults."""
