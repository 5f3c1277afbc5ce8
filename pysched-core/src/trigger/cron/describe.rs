//! Cron expressions in plain English.
