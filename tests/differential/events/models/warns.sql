{% do exceptions.warn('be careful') %}select 1 as id
