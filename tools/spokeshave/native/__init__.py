"""Native files: extension modules, libraries and programs of every format."""
