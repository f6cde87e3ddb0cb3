from good._native import crash
