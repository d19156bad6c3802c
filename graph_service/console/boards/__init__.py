"""How do the ledger, the trees, a plan and the service stand?"""
