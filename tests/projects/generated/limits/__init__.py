from limits._native import HIGHEST, LOWEST, STEP
