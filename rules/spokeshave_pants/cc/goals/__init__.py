"""Goals for C and C++ targets."""
