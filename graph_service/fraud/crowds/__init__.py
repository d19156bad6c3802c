"""Do those who were invited by one, or who click for one, look like one hand's crowd?"""
