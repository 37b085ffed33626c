"""What governance is asked: QuerySets and frozen values, no changes."""
