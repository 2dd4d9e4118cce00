"""One parameter with its value, read into a condition: a module per kind of search parameter."""
