"""What a source includes: which file each include means, of the repository or of a package."""
