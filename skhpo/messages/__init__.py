"""What users are told: warnings that point at their own line, and texts of others within ours."""
