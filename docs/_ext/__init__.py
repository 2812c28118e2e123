"""What Sphinx does for these pages beside what it does by itself."""
