"""A blocking face, for where the browser can wait."""
