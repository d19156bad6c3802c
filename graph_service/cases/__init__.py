"""What did people decide?"""
