"""ELF files (Linux): read into types, and edited by patchelf."""
