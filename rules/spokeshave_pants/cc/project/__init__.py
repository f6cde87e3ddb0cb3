"""Projects of others with a CMake or make build of their own: their process, and what it installs."""
