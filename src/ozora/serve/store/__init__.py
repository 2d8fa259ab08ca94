"""The one place that talks to the database: tables, transactions, and functions over them."""
