"""One small file of every layout, written by hand after the real headers; all quote the same.

The contracts: SPX and SPXW of 2019-06-21 and VIX of 2019-05-22, on the session 2019-04-25.
"""

DELTA_NEUTRAL = """\
underlying,underlying_last,exchange,optionroot,type,expiration,quotedate,strike,last,net,bid,ask,\
volume,openinterest,impliedvol,delta,gamma
SPX,2919.04,CBOE,SPX190621C02900000,call,06/21/2019,04/25/2019,2900.0,62.5,0.0,62.1,63.0,12,345,\
0.1152,0.57,0.0
SPX,2919.04,CBOE,SPX190621P02900000,put,06/21/2019,04/25/2019,2900.0,0.0,0.0,38.1,38.9,0,1200,\
0.0,-0.43,0.0
SPX,2919.04,CBOE,SPXW190621P02900000,put,06/21/2019,04/25/2019,2900.0,39.0,0.0,0.0,0.0,0,7,\
0.1152,-0.43,0.0
"""

_DATASHOP = (
    "underlying_symbol,quote_date,root,expiration,strike,option_type,open,high,low,close,"
    "trade_volume,bid_size_1545,bid_1545,ask_size_1545,ask_1545,underlying_bid_1545,"
    "underlying_ask_1545,{calcs}bid_size_eod,bid_eod,ask_size_eod,ask_eod,underlying_bid_eod,"
    "underlying_ask_eod,vwap,open_interest,delivery_code\n"
)
_CALCS = (
    "implied_underlying_price_1545,active_underlying_price_1545,implied_volatility_1545,"
    "delta_1545,gamma_1545,theta_1545,vega_1545,rho_1545,"
)
DATASHOP_CALCS = _DATASHOP.format(calcs=_CALCS) + (
    "^VIX,2019-04-25,VIX,2019-05-22,15.000,C,0,0,0,1.20,10,55,1.15,66,1.25,13.0,13.1,"
    "14.2,13.25,0.9,0.42,0,0,0,0,7,1.10,8,1.30,13.2,13.3,0,4321,\n"
)
DATASHOP_QUOTES = _DATASHOP.format(calcs="") + (
    "^SPX,2019-07-03,SPXW,2019-07-05,2990.000,P,0,0,0,0,0,5,3.10,6,3.30,2994.0,2996.0,"
    "5,3.00,6,3.20,0,0,0,11,\n"
)

OPTIONSDX = """\
[QUOTE_UNIXTIME], [QUOTE_READTIME], [QUOTE_DATE], [QUOTE_TIME_HOURS], [UNDERLYING_LAST], \
[EXPIRE_DATE], [EXPIRE_UNIX], [DTE], [C_DELTA], [C_GAMMA], [C_VEGA], [C_THETA], [C_RHO], [C_IV], \
[C_VOLUME], [C_LAST], [C_SIZE], [C_BID], [C_ASK], [STRIKE], [P_BID], [P_ASK], [P_SIZE], [P_LAST], \
[P_DELTA], [P_GAMMA], [P_VEGA], [P_THETA], [P_RHO], [P_IV], [P_VOLUME], [STRIKE_DISTANCE], \
[STRIKE_DISTANCE_PCT]
1556222400, 2019-04-25 16:00, 2019-04-25, 16.000000, 2919.040000, 2019-05-08, 1557345600, \
13.000000, 0.983140, 0.0, 0.0, 0.0, 0.0, -0.05, 16.000000, 13.000000, 395 x 30, 52.490000, \
52.660000, 2875.000000, 8.100000, 8.300000, 0 x 1477, 0.010000, -0.30, 0.0, 0.0, 0.0, 0.0, \
0.121, 495.0, 12.5, 0.098
1556222400, 2019-04-25 16:00, 2019-04-25, 16.000000, 2919.040000, 2019-06-21, 1557345600, \
13.000000, 0.983140, 0.0, 0.0, 0.0, 0.0, 0.11, , , 1 x 1, 52.490000, \
52.660000, 2875.000000, 8.100000, 8.300000, 0 x 1477, 0.010000, -0.30, 0.0, 0.0, 0.0, 0.0, \
0.121, , 12.5, 0.098
"""

ORATS = """\
ticker,tradeDate,expirDate,dte,strike,stockPrice,callVolume,callOpenInterest,callBidSize,\
callAskSize,putVolume,putOpenInterest,putBidSize,putAskSize,callBidPrice,callValue,callAskPrice,\
putBidPrice,putValue,putAskPrice,callBidIv,callMidIv,callAskIv,smvVol,putBidIv,putMidIv,putAskIv,\
residualRate,delta,gamma,theta,vega,rho,phi,driftlessTheta,callSmvVol,putSmvVol,extSmvVol,\
extCallValue,extPutValue,spotPrice,quoteDate,updatedAt,snapShotEstTime,snapShotDate,expiryTod,\
tickerId,monthId
SPX,2019-04-25,2019-06-21,57,2900,2919.04,12,345,3,4,0,1200,5,6,62.1,62.5,63.0,38.1,38.5,38.9,\
0.11,0.115,0.12,0.11,0.11,0.116,0.12,0,0.57,0,0,0,0,0,0,0,0,0,0,0,2919,2019-04-25,x,1546,x,am,1,2
"""

ORATS_NEAR_EOD = """\
ticker,cOpra,pOpra,stkPx,expirDate,yte,strike,cVolu,cOi,pVolu,pOi,cBidPx,cValue,cAskPx,pBidPx,\
pValue,pAskPx,spot_px,trade_date
SPX,SPXW190621C02900000,SPXW190621P02900000,2919,06/21/2019,0.15,2900,1,2,3,4,62.1,62,63.0,38.1,\
38,38.9,2919.04,04/25/2019
"""

QUOTE_TABLE = """\

S&P 500 INDEX,Last: 2919.0400,Change:  -1.0000
"Date: April 25, 2019 at 6:01 PM EDT",Bid: 2910.5,Ask: 2925.4302,Size: 1*1,Volume: 0
Expiration Date,Calls,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest,Strike,Puts,\
Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest
Fri Jun 21 2019,SPX190621C02900000,62.5,0,62.1,63.0,12,0.1152,0.57,0,345,2900.00,\
SPX190621P02900000,0,0,38.1,38.9,0,0.1158,-0.43,0,1200
"""

QUOTE_TABLE_DAT = """\
S&P 500 INDEX,2919.04,-1.00
Apr 28 2019 @ 18:24 ET,Bid,2910.5,Ask,2925.4,Size,1x1,Vol,0
Expiration Date,Calls,Last Sale,Net,Bid,Ask,Vol,IV,Delta,Gamma,Open Int,Strike,Puts,\
Last Sale,Net,Bid,Ask,Vol,IV,Delta,Gamma,Open Int,
06/21/2019,SPX190621C02900000,62.5,0,62.1,63.0,12,0.1152,0.57,0,345,2900.00,\
SPX190621P02900000,0,0,38.1,38.9,0,0.1158,-0.43,0,1200,
"""

DELAYED = """\
{"timestamp": "2019-04-25 21:02:44", "data": {"options": [
{"option": "VIX190522C00015000", "bid": 1.10, "bid_size": 7.0, "ask": 1.30, "ask_size": 8.0,
 "iv": 0.9, "open_interest": 4321.0, "volume": 10.0, "delta": 0.42, "last_trade_price": 1.20,
 "last_trade_time": "2019-04-17T09:31:08"},
{"option": "VIXW190508P00013500", "bid": 0.0, "bid_size": 0.0, "ask": 0.02, "ask_size": 1.0,
 "iv": 0.0, "open_interest": 3.0, "volume": 0.0, "delta": 0.0, "last_trade_price": 0.0,
 "last_trade_time": "2019-04-12T14:02:55"}],
 "symbol": "^VIX", "current_price": 13.25, "last_trade_time": "2019-04-25T16:14:59"}}
"""

LEAN_UNIVERSE = """\
#expiry,strike,right,open,high,low,close,volume,open_interest,implied_volatility,delta,gamma,\
vega,theta,rho
,,,2926.1,2933.1,2912.84,2919.04,0,,,,,,,
20190621,2900,C,62.5,63,61,62.5,12,345,0.1152,0.57,0,0,0,0
"""

LEAN_MINUTES = """\
34200000,621000,622000,620000,621000,1,630000,630000,630000,630000,18
34260000,,,,,0,500,500,500,500,5
"""
