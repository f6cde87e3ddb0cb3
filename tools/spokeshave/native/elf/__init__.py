"""ELF files (Linux): parsed into types, and edited by patchelf."""
