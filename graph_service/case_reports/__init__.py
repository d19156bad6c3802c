"""How is a case told on paper, and what would deciding it do to the ledger?"""
