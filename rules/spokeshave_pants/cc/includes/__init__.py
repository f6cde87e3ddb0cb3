"""Include resolution: the file of the repository or of a package that each include refers to."""
