"""What looks false?"""
