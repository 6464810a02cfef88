-- How many doors may have produced, or be producing, the command of a pending request. Only one that
-- is alone may refuse it: another may have told its caller that the request was taken (X15, X17).
ALTER TABLE receipts ADD COLUMN doors BIGINT NOT NULL DEFAULT 1;
