"""What would another plan have paid?"""
