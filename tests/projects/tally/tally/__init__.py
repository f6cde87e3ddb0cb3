from tally._native import Tally as Tally
