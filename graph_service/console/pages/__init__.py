"""What is known of a case, an alert, an order, a member?"""
