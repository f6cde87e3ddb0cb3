"""What a wheel offers to C and C++ projects: headers, a CMake package, a pkg-config file, and access to them."""
