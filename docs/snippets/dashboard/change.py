arrow = "up" if change > 0 else "down" if change < 0 else "same"
