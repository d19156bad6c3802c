"""What is held, and why?"""
