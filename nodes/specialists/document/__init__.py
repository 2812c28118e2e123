"""Document specialists: offline, no key, each finding something the others do not."""
