SELECT Order_ID, AMOUNT As Price,Customer_Id
FROM {{ ref('raw_orders') }} WHERE Amount>10 AND STATUS Is Not Null
