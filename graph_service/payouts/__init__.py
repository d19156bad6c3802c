"""May this money leave, and has it arrived, once and never twice?"""
