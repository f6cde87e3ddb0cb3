from sums._native import total
