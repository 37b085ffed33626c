"""The console's pages on rules, budgets, agents and people."""
