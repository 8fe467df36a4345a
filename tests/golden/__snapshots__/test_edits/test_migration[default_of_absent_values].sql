no migration
