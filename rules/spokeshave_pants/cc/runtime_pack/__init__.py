"""Runtime packs: the C++ libraries, start files and stubs that a platform's links need."""
