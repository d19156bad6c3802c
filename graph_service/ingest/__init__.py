"""How did this event get in?"""
