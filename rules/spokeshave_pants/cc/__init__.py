"""Compiles and links of C and C++."""
