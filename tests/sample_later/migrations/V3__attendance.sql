ALTER TABLE sample.games ADD COLUMN attendance integer;
