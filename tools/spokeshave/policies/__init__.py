"""What auditwheel's policies allow a wheel of a Linux platform."""
