"""What users are told: warnings that point at their own line, texts of others within ours, names of other libraries."""
