"""Source trees of others: archives, and source distributions by hash."""
