"""Link actions: the command line and the inputs of one link."""
