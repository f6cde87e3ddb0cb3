"""The compiler driver for builds of others: CMake, make, meson and PEP 517 backends."""
