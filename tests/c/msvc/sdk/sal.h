/* Stands for the header of Microsoft's SDK: what trine.h takes of it. */
#ifndef STAND_IN_SAL_H
#define STAND_IN_SAL_H

#define _Check_return_

#endif
