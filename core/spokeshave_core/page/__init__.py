"""Pages for people: HTML that escapes every text, its style sheet, and the parts that pages have in common."""
