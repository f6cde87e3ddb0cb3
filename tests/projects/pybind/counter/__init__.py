from counter._native import Counter, checked
