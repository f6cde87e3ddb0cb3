"""Files that the plugin contains besides its own modules."""
