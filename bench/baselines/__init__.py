"""What Spokeshave is compared with."""
