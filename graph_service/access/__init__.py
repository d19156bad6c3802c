"""Who may ask what?"""
