"""What is a member like at a time, as numbers?"""
