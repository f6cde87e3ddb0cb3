"""Native code for Pants' own goals: files that are generated next to the Python sources that use them."""
