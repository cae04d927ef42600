-- Nobody looks for the calls of one project alone, and each index is paid for with each call.
DROP INDEX usage_project_id;
